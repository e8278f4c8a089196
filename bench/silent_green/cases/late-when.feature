@shop/sell
Feature: Selling
  @id:one
  Scenario: One
    Given a stock of 3
    Then 3 are left
    When 1 are sold
