@shop/sell
Feature: Selling
  @id:one
  Scenario: One
    Given a stock of 3
    When 2 are left
    Then 2 are left
