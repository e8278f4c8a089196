@shop/sell
Feature: Selling
  @id:one @req:70
  Scenario: One
    Given a stock of 3
    When 1 are sold
    Then 2 are left
